"""Writers that run elsewhere or are larger, behind the verifier and the checks of the embedded ones."""
