"""How a server learns from its store: what may be learned from, by whom it is judged, and when it is put in charge."""
