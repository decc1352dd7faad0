"""Import of deliveries: manifest, staging, one transaction, report."""
