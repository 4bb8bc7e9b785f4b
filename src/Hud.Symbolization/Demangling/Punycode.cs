using System.Text;

namespace Hud.Symbolization;

/// <summary>RFC 3492 decoding, as v0 symbols use it: digits a-z then 0-9, and the delimiter already taken off.</summary>
internal static class Punycode
{
    private const int Base = 36,
        TMin = 1,
        TMax = 26,
        Skew = 38,
        Damp = 700;

    /// <summary>An identifier has few characters; insertion is quadratic, so the bound is also a bound on time.</summary>
    private const int MaxRunes = 512;

    public static bool TryDecode(ReadOnlySpan<char> ascii, ReadOnlySpan<char> extended, BoundedText into)
    {
        if (extended.IsEmpty || ascii.Length + extended.Length > MaxRunes)
        {
            return false;
        }

        var runes = new List<Rune>(ascii.Length + extended.Length);
        foreach (var c in ascii)
        {
            runes.Add(new Rune(c));
        }

        int n = 0x80,
            i = 0,
            bias = 72,
            damp = Damp;
        while (!extended.IsEmpty)
        {
            if (!TryDelta(ref extended, bias, out var delta))
            {
                return false;
            }

            var count = runes.Count + 1;
            if ((long)i + delta > int.MaxValue || (long)n + ((i + delta) / count) > 0x10FFFF)
            {
                return false;
            }

            i += delta;
            n += i / count;
            i %= count;
            if (!Rune.TryCreate(n, out var rune))
            {
                return false;
            }

            runes.Insert(i++, rune);
            bias = Adapt(delta / damp, count);
            damp = 2;
        }

        foreach (var rune in runes)
        {
            into.Add(rune);
        }

        return true;
    }

    private static bool TryDelta(ref ReadOnlySpan<char> digits, int bias, out int delta)
    {
        delta = 0;
        long sum = 0,
            weight = 1;
        for (var k = Base; ; k += Base)
        {
            if (digits.IsEmpty)
            {
                return false;
            }

            var c = digits[0];
            digits = digits[1..];
            int digit;
            if (char.IsAsciiLetterLower(c))
            {
                digit = c - 'a';
            }
            else if (char.IsAsciiDigit(c))
            {
                digit = c - '0' + 26;
            }
            else
            {
                return false;
            }

            sum += digit * weight;
            if (sum > int.MaxValue)
            {
                return false;
            }

            var t = Math.Clamp(k - bias, TMin, TMax);
            if (digit < t)
            {
                delta = (int)sum;
                return true;
            }

            weight *= Base - t;
            if (weight > int.MaxValue)
            {
                return false;
            }
        }
    }

    /// <summary><paramref name="delta"/> is already divided by the damping (700 for the first character, 2 later).</summary>
    private static int Adapt(int delta, int count)
    {
        delta += delta / count;
        var k = 0;
        while (delta > ((Base - TMin) * TMax) / 2)
        {
            delta /= Base - TMin;
            k += Base;
        }

        return k + (((Base - TMin + 1) * delta) / (delta + Skew));
    }
}
