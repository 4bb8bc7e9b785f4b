using Org.BouncyCastle.Crypto.Digests;

namespace Hud.Core;

/// <summary>
/// SHA-256 in managed code. The system's own would bring the whole of OpenSSL into the agent, 4 MiB of memory on every node, for a few
/// hundred kilobytes that are hashed in a run.
/// </summary>
public sealed class Sha256
{
    private readonly Sha256Digest _digest = new();

    /// <returns>64 lower-case hex digits</returns>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new Sha256();
        hash.Append(bytes);
        return hash.Finish();
    }

    public void Append(ReadOnlySpan<byte> bytes) => _digest.BlockUpdate(bytes);

    /// <summary>Of all that was appended since the beginning or the last call.</summary>
    /// <returns>64 lower-case hex digits</returns>
    public string Finish()
    {
        Span<byte> hash = stackalloc byte[32];
        _digest.DoFinal(hash);
        return Convert.ToHexStringLower(hash);
    }
}
