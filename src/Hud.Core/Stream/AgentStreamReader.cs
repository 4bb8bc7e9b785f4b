using System.Text.Json;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>
/// Checks one agent's stream line by line: drops what was seen, notices gaps, bad lines, a wrong hash and a missing end.
/// Pure: feed it lines in order, from the start again after a reconnect.
/// </summary>
/// <param name="open">False: the profile stays packed, for a caller who opens profiles one at a time; see <see cref="TakePacked"/>.</param>
public sealed class AgentStreamReader(bool open = true)
{
    private readonly Dictionary<int, byte[]> _parts = [];
    private int _expectedParts;
    private string _expectedSha256 = "";
    private int _partBytes;
    private bool _assembled;
    private byte[]? _packed;
    private (long LastSeq, long MissingLines) _beforeParts;

    public long LastSeq { get; private set; }

    /// <summary>Lines that never arrived.</summary>
    public long MissingLines { get; private set; }

    /// <summary>
    /// Lines that weren't valid messages, as counted by the reading that got furthest. A log server may put an error text of its own into
    /// a reading that fails; the next one is without it.
    /// </summary>
    public long BadLines { get; private set; }

    /// <summary>The highest number among the messages of the reading in progress, known or new.</summary>
    public long ReadSeq { get; private set; }

    private long _readBad;

    public EndMessage? EndMessage { get; private set; }

    /// <summary>The verified document; null until every part is there and the hash fits.</summary>
    public ProfileDocument? Profile { get; private set; }

    /// <summary>Parts of a profile are there and others are still to come.</summary>
    public bool IsReceiving => _parts.Count > 0;

    /// <summary>Bytes of the profile's parts that wait for the others; 0 once they were put together.</summary>
    public int WaitingBytes => _parts.Values.Sum(p => p.Length);

    /// <summary>Why there is no profile although its parts came; empty when all is well.</summary>
    public string ProfileError { get; private set; } = "";

    /// <summary>The log is about to be read from its start again.</summary>
    public void BeginReading() => (ReadSeq, _readBad) = (0, 0);

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
                _ = ProfileWeight.Of(line); // what the deserializer lets pass and no reader of the message expects
                message = JsonSerializer.Deserialize(line, HudJson.Default.StreamMessage);
            }
            catch (Exception e)
                when (e is JsonException or NotSupportedException or InvalidOperationException or FormatException)
            {
                // counted below: a line cut by log rotation, a newer agent's kind, or no text that an agent writes
            }
        }

        if (message is null)
            _readBad++;
        else
            ReadSeq = Math.Max(ReadSeq, message.Seq);
        if (ReadSeq >= LastSeq)
            BadLines = _readBad;
        if (message is null || message.Seq <= LastSeq)
            return null;
        if (_parts.Count == 0)
            _beforeParts = (LastSeq, MissingLines);
        MissingLines += message.Seq - LastSeq - 1;
        LastSeq = message.Seq;
        switch (message)
        {
            case ProfilePartMessage part:
                AcceptPart(part);
                break;
            case EndMessage ending:
                EndMessage = ending;
                break;
        }

        return message;
    }

    /// <summary>
    /// Drops the parts of a profile that is not whole and goes back to before the first of them, so that a reading from the start brings them
    /// again: nothing has to be held until then.
    /// </summary>
    public void Rewind()
    {
        if (!IsReceiving)
            return;
        (LastSeq, MissingLines) = _beforeParts;
        _parts.Clear();
        _partBytes = _expectedParts = 0;
        _expectedSha256 = "";
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
        if (Sha256.Of(compressed) != _expectedSha256)
        {
            ProfileError = "the profile's hash does not fit its parts";
            return;
        }

        if (!open)
        {
            _packed = compressed;
            return;
        }

        Profile = ProfilePack.Open(compressed, out _, out string error);
        ProfileError = error;
    }

    /// <summary>The whole profile as it came, its hash verified, nothing else; once, and only from a reader that does not open it.</summary>
    public byte[]? TakePacked()
    {
        byte[]? packed = _packed;
        _packed = null;
        return packed;
    }
}
