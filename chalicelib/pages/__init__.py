"""What people see: requests in, pages out. Rules live in the nouns."""
