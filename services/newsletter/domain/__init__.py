"""Pure decisions of newsletter: when to send, what a mail server's answer means, who opened a mail."""
