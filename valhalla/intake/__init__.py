"""From lists on the disk to leads in the database: reading, importing, watching folders, previews, undo."""
