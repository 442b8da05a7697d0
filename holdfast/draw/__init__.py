"""What is drawn from code into documents and manifests, never written by hand."""
