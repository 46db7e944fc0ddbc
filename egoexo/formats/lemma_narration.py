"""Sentences out of the interaction codes of LEMMA."""

__all__ = ['clean_narration']

#: Code -> word, in the order in which SUM-L replaces them.
_WORDS = (('${s0}@', ' '), ('${m0}@', ' '), (':{s1}@', ' with '), (':{m1}@', ' to the '), (':{s2}@', ' with '),
          (':{m2}@', ' with '), ('|', ' and '))


def clean_narration(interaction: str) -> str:
    """Write an interaction code of ``all_hois.json`` as SUM-L's narration.

    Args:
        interaction (str): Verb and objects with their places in a template.

    Returns:
        str: A sentence, as in the official pair files.

    Examples:
        >>> clean_narration('put${s0}@cup|plate:{m1}@table')
        'put cup and plate to the table'
    """
    for code, word in _WORDS:
        interaction = interaction.replace(code, word)
    return interaction
