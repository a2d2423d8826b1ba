"""Where the product meets the world: the ports, and what stands behind them."""
