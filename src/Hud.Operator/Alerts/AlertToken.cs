using System.Security.Cryptography;
using System.Text;

namespace Hud.Operator.Alerts;

public enum TokenCheck
{
    Right,
    Missing,
    Wrong,

    /// <summary>There is no token to compare with: nobody is let in.</summary>
    Unreadable,
}

/// <summary>
/// The tokens by which a sender of alerts is known: one a line in a file, which a Secret mounts. Several may be valid at a time, so that one can be
/// replaced while senders still use the other. The file is read again once it may have changed.
/// </summary>
public sealed class AlertToken(string path, TimeProvider time)
{
    public const int MinLength = 16;
    public const int MaxLength = 512;
    public const int MaxTokens = 4;

    private const int MaxBytes = MaxTokens * (MaxLength + 2);

    /// <summary>The kubelet brings a changed Secret within a minute or two; whoever sends many requests does not cause as many reads.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private byte[][] _hashes = [];
    private string _problem = "";
    private long? _readAt;

    /// <summary>Why no token can be right; empty when one can.</summary>
    public string Problem
    {
        get
        {
            lock (_lock)
            {
                ReadAgain();
                return _problem;
            }
        }
    }

    /// <param name="authorization">The value of the header; null: there is none.</param>
    public TokenCheck Check(string? authorization)
    {
        byte[][] hashes;
        lock (_lock)
        {
            ReadAgain();
            if (_problem.Length > 0)
                return TokenCheck.Unreadable;
            hashes = _hashes;
        }
        const string scheme = "Bearer ";
        if (authorization is null || !authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return TokenCheck.Missing;
        // of hashes, so that the time tells nothing of the token's length either; and all of them
        var given = Hash(authorization[scheme.Length..].Trim());
        var isRight = false;
        foreach (var hash in hashes)
            isRight |= CryptographicOperations.FixedTimeEquals(hash, given);
        return isRight ? TokenCheck.Right : TokenCheck.Wrong;
    }

    private void ReadAgain()
    {
        if (_readAt is { } at && time.GetElapsedTime(at) < Fresh)
            return;
        _readAt = time.GetTimestamp();
        // what cannot be read lets nobody in: a token that was taken away must not go on opening the door
        (_hashes, _problem) = Read();
    }

    private (byte[][] Hashes, string Problem) Read()
    {
        string text;
        try
        {
            using var file = File.OpenRead(path);
            var buffer = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaxBytes)
                return ([], $"{path} is longer than {MaxTokens} tokens can be");
            text = Encoding.UTF8.GetString(buffer, 0, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], $"the token file cannot be read: {e.Message}");
        }
        var tokens = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (tokens.Length is 0 or > MaxTokens)
            return ([], $"{path} must have one to {MaxTokens} tokens, one a line");
        return tokens.All(t =>
            t.Length is >= MinLength and <= MaxLength && t.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0
        )
            ? ([.. tokens.Select(Hash)], "")
            : (
                [],
                $"a token in {path} must have {MinLength} to {MaxLength} printable characters of ASCII and no space"
            );
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
