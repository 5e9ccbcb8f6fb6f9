"""Is yours right? Laws are run on it, the smallest example is found, the cause is named, and all of it is reported."""
