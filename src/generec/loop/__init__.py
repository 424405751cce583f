"""The GeneRec loop: instructor, router, makers and the turn that joins them."""
