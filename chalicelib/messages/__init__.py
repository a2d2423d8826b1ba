"""Every sentence that code says and no template: Vietnamese, polite, brief; by rooms."""
