"""What can be learnt about weights from verdicts, who adopts it, and what is in force."""
