"""Run the whole cycle from data to verdict, report it, and push what came of it."""
