using System.Text;

namespace Hud.Symbolization;

/// <summary>A string builder that stops at <see cref="DemangleLimits.MaxOutput"/> and remembers that it did.</summary>
internal sealed class BoundedText(int limit = DemangleLimits.MaxOutput)
{
    private readonly StringBuilder text = new();

    public bool Full { get; private set; }

    public int Length => text.Length;

    public bool Add(char c)
    {
        if (text.Length >= limit)
        {
            return Overflow();
        }

        text.Append(c);
        return true;
    }

    public bool Add(scoped ReadOnlySpan<char> s)
    {
        if (s.Length > limit - text.Length)
        {
            text.Append(s[..(limit - text.Length)]);
            return Overflow();
        }

        text.Append(s);
        return true;
    }

    public bool Add(Rune rune)
    {
        Span<char> pair = stackalloc char[2];
        return Add(pair[..rune.EncodeToUtf16(pair)]);
    }

    public override string ToString() => text.ToString();

    private bool Overflow()
    {
        if (!Full)
        {
            text.Append(DemangleLimits.Cut);
            Full = true;
        }

        return false;
    }
}
