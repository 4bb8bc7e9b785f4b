namespace Hud.Core.Stream;

/// <summary>The parts of one packed profile until they are all there. Bounded, whatever an agent sends.</summary>
internal sealed class ProfileParts
{
    private const int MaxParts = 64;
    private readonly Dictionary<int, byte[]> _parts = [];
    private int _expected;
    private string _sha256 = "";

    public bool Any => _parts.Count > 0;

    public bool Complete => _expected > 0 && _parts.Count == _expected;

    /// <summary>That wait for the others.</summary>
    public int Bytes { get; private set; }

    /// <summary>The first part says what the others have to be.</summary>
    /// <param name="keep">False: it is looked at only.</param>
    /// <returns>What is wrong with it, in one sentence; empty when nothing is.</returns>
    public string Accept(int part, int parts, string sha256, string data, bool keep = true)
    {
        if (parts is < 1 or > MaxParts || part < 1 || part > parts)
            return $"part {part} of {parts} makes no sense";
        if (_expected == 0)
            (_expected, _sha256) = (parts, sha256);
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(data);
        }
        catch (FormatException)
        {
            return $"part {part} is not base64";
        }

        if (
            parts != _expected
            || sha256 != _sha256
            || Bytes + bytes.Length > StreamLimits.MaxCompressedProfileBytes + StreamLimits.ProfilePartBytes
        )
            return $"part {part} does not belong to the same profile";
        if (keep && _parts.TryAdd(part, bytes))
            Bytes += bytes.Length;
        return "";
    }

    /// <param name="error">One sentence when the answer is null, empty otherwise.</param>
    public byte[]? Join(out string error)
    {
        byte[] compressed = [.. Enumerable.Range(1, _expected).SelectMany(n => _parts[n])];
        bool fits = Sha256.Of(compressed) == _sha256;
        error = fits ? "" : "the profile's hash does not fit its parts";
        return fits ? compressed : null;
    }

    /// <summary>Lets go of them, and goes on to expect what belongs to the same profile.</summary>
    public void Drop()
    {
        _parts.Clear();
        Bytes = 0;
    }

    /// <summary>As new.</summary>
    public void Clear()
    {
        Drop();
        (_expected, _sha256) = (0, "");
    }
}
