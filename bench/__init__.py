"""What speed is measured against: peers, bare functions, a bare page. Run by `make bench`."""
