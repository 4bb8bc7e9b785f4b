using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>
/// Checks one agent's stream line by line: drops what was seen, notices gaps, bad lines, a wrong hash and a missing end.
/// Pure: feed it lines in order, from the start again after a reconnect.
/// </summary>
/// <param name="open">False: the profile stays packed, for a caller who opens profiles one at a time; see <see cref="TakePacked"/>.</param>
public sealed class AgentStreamReader(bool open = true)
{
    private readonly ProfileParts _parts = new();
    private readonly LookBackParts _lookBack = new();
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
    public bool IsReceiving => _parts.Any;

    /// <summary>Bytes of the profile's parts that wait for the others; 0 once they were put together.</summary>
    public int WaitingBytes => _parts.Bytes;

    /// <summary>Why there is no profile although its parts came; empty when all is well.</summary>
    public string ProfileError { get; private set; } = "";

    /// <summary>The log is about to be read from its start again.</summary>
    public void BeginReading() => (ReadSeq, _readBad) = (0, 0);

    /// <summary>Returns the message when it is new, null when it was seen before or cannot be read.</summary>
    public StreamMessage? Accept(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
            return null;
        var message = StreamLine.Read(line);
        if (message is null)
            _readBad++;
        else
            ReadSeq = Math.Max(ReadSeq, message.Seq);
        if (ReadSeq >= LastSeq)
            BadLines = _readBad;
        if (message is null || message.Seq <= LastSeq)
            return null;
        if (!_parts.Any)
            _beforeParts = (LastSeq, MissingLines);
        MissingLines += message.Seq - LastSeq - 1;
        LastSeq = message.Seq;
        switch (message)
        {
            case ProfilePartMessage part:
                AcceptPart(part);
                break;
            // who does not open profiles has not asked for any during the run
            case LookBackMessage part when open:
                _lookBack.Accept(part);
                break;
            case EndMessage ending:
                EndMessage = ending;
                break;
        }

        return message;
    }

    /// <summary>An answer to a request for the last while, once it is whole; each is handed out once, null when there is none.</summary>
    public LookBackAnswer? TakeLookBack() => _lookBack.Take();

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
    }

    private void AcceptPart(ProfilePartMessage message)
    {
        string problem = _parts.Accept(message.Part, message.Parts, message.Sha256, message.Data, keep: !_assembled);
        if (problem.Length > 0)
            ProfileError = problem;
        if (problem.Length > 0 || _assembled || !_parts.Complete)
            return;
        // once, and nothing of it is kept: a reader lives as long as its session
        _assembled = true;
        byte[]? compressed = _parts.Join(out string error);
        if (!open)
            _packed = compressed;
        else if (compressed is not null)
            Profile = ProfilePack.Open(compressed, out _, out error);
        ProfileError = error;
        _parts.Drop();
    }

    /// <summary>The whole profile as it came, its hash verified, nothing else; once, and only from a reader that does not open it.</summary>
    public byte[]? TakePacked()
    {
        byte[]? packed = _packed;
        _packed = null;
        return packed;
    }
}
