raise SystemExit("imported, and it holds no attention")
