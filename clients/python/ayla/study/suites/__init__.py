"""Files of studies that ``ayla study init`` writes."""
