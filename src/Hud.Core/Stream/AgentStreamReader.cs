using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>
/// Checks one agent's stream line by line: drops what was seen, notices gaps, bad lines, a wrong hash and a missing end.
/// Pure: feed it lines in order, from the start again after a reconnect.
/// </summary>
public sealed class AgentStreamReader
{
    private readonly Dictionary<int, byte[]> _parts = [];
    private int _expectedParts;
    private string _expectedSha256 = "";
    private int _partBytes;
    private bool _assembled;

    public long LastSeq { get; private set; }

    /// <summary>Lines that never arrived.</summary>
    public long MissingLines { get; private set; }

    /// <summary>Lines that were no valid message.</summary>
    public long BadLines { get; private set; }

    public ByeMessage? Bye { get; private set; }

    /// <summary>The verified document; null until every part is there and the hash fits.</summary>
    public ProfileDocument? Profile { get; private set; }

    /// <summary>Bytes of the profile's parts that wait for the others; 0 once they were put together.</summary>
    public int WaitingBytes => _parts.Values.Sum(p => p.Length);

    /// <summary>Why there is no profile although its parts came; empty when all is well.</summary>
    public string ProfileError { get; private set; } = "";

    /// <summary>Returns the message when it is new, null when it was seen before or cannot be read.</summary>
    public StreamMessage? Accept(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
            return null;
        StreamMessage? message = null;
        if (line.Length <= StreamLimits.MaxLineBytes)
        {
            try
            {
                message = JsonSerializer.Deserialize(line, HudJson.Default.StreamMessage);
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                // counted below: a line cut by log rotation, or a newer agent's kind
            }
        }

        if (message is null)
        {
            BadLines++;
            return null;
        }

        if (message.Seq <= LastSeq)
            return null;
        MissingLines += message.Seq - LastSeq - 1;
        LastSeq = message.Seq;
        switch (message)
        {
            case ProfilePartMessage part:
                AcceptPart(part);
                break;
            case ByeMessage bye:
                Bye = bye;
                break;
        }

        return message;
    }

    private void AcceptPart(ProfilePartMessage message)
    {
        if (message.Parts is < 1 or > 64 || message.Part < 1 || message.Part > message.Parts)
        {
            ProfileError = $"part {message.Part} of {message.Parts} makes no sense";
            return;
        }

        if (_expectedParts == 0)
            (_expectedParts, _expectedSha256) = (message.Parts, message.Sha256);
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(message.Data);
        }
        catch (FormatException)
        {
            ProfileError = $"part {message.Part} is not base64";
            return;
        }

        if (
            message.Parts != _expectedParts
            || message.Sha256 != _expectedSha256
            || _partBytes + bytes.Length > StreamLimits.MaxCompressedProfileBytes + StreamLimits.ProfilePartBytes
        )
        {
            ProfileError = $"part {message.Part} does not belong to the same profile";
            return;
        }

        if (_assembled)
            return;
        if (_parts.TryAdd(message.Part, bytes))
            _partBytes += bytes.Length;
        if (_parts.Count < _expectedParts)
            return;
        // once, and nothing of it is kept: a reader lives as long as its session
        _assembled = true;
        Assemble();
        _parts.Clear();
    }

    private void Assemble()
    {
        byte[] compressed = [.. Enumerable.Range(1, _expectedParts).SelectMany(n => _parts[n])];
        if (Convert.ToHexStringLower(SHA256.HashData(compressed)) != _expectedSha256)
        {
            ProfileError = "the profile's hash does not fit its parts";
            return;
        }

        try
        {
            using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
            using var bounded = new MemoryStream();
            byte[] buffer = new byte[81920];
            int read;
            while ((read = gzip.Read(buffer)) > 0)
            {
                bounded.Write(buffer, 0, read);
                if (bounded.Length > StreamLimits.MaxProfileBytes)
                {
                    ProfileError = "the profile is larger than its bound";
                    return;
                }
            }

            Profile = JsonSerializer.Deserialize(
                bounded.GetBuffer().AsSpan(0, (int)bounded.Length),
                HudJson.Default.ProfileDocument
            );
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            ProfileError = "the profile cannot be read: " + e.Message;
        }
    }
}
