"""What every result shares: report, tables, figure style and provenance."""
