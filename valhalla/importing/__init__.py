"""From lists on the disk to leads in the file."""
