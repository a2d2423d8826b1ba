"""The two processes whose start is compared: the product on AWS, and the least it could be."""
