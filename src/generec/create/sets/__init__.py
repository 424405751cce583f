"""Ordered sets of real items under hard rules: playlist, bundle, outfit, itinerary, meal plan, slate."""
