"""Sellers who write for machines: an engine that answers with citations, rewriters that want to be cited, attacks."""
