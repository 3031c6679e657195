"""Juqun (聚群): a chain of shops keeps its customers in small chat groups and one-to-one chats on WeCom."""

__version__ = "0.1.0"
