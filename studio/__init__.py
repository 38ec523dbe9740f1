"""The people: the page where staff submit forms and review pictures."""
