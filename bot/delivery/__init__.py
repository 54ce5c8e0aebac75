"""Delivery of the backend's notifications to their chats."""
