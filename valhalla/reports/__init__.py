"""Reports: deal packets, the daily digest, and charts, each as data, a page, and where useful a PDF."""
