using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Hud.Core;

/// <summary>
/// A hash that is the same for the same bytes within one process, and that nobody outside of it can aim at: Poly1305 under a key that is drawn
/// when the process starts. That takes a fifth of the time of <see cref="Sha256"/>, and holds only as long as neither the key nor a hash is told to
/// whoever made the bytes; so it is for keys of caches, and for nothing that is written down.
/// </summary>
public sealed class SecretHash
{
    /// <summary>From the kernel; what <c>RandomNumberGenerator</c> would give, without loading OpenSSL.</summary>
    private static readonly KeyParameter Key = new([.. Guid.NewGuid().ToByteArray(), .. Guid.NewGuid().ToByteArray()]);

    private readonly Poly1305 _mac = new();

    public SecretHash() => _mac.Init(Key);

    public void Append(ReadOnlySpan<byte> bytes) => _mac.BlockUpdate(bytes);

    /// <summary>Of all that was appended since the beginning or the last call.</summary>
    /// <returns>32 lower-case hex digits</returns>
    public string Finish()
    {
        Span<byte> hash = stackalloc byte[16];
        _mac.DoFinal(hash);
        return Convert.ToHexStringLower(hash);
    }
}
