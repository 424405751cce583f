"""The loop behind OpenAI's chat protocol: any client of it can hold a conversation with the recommender."""
