namespace Hud.Core.Stream;

/// <summary>
/// The answer to one <see cref="LookBackRequest"/>, out of the stream of an agent that answers others as well. The stream may be read from any line on,
/// and again. Bounded, whatever an agent sends. Pure.
/// </summary>
/// <param name="request">The <see cref="LookBackRequest.Id"/>.</param>
public sealed class LookBackReader(string request)
{
    private static ReadOnlySpan<byte> Part => "{\"t\":\"lookback\""u8;
    private readonly ProfileParts _parts = new();
    private byte[]? _packed;

    /// <summary>Whether a line can be a part of an answer, whosever.</summary>
    public static bool IsPart(ReadOnlySpan<byte> line) => line.StartsWith(Part);

    /// <summary>Parts are there and others are still to come.</summary>
    public bool IsReceiving => _parts.Any;

    /// <summary>The answer was read to its end.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Why there is none although it was answered, in one sentence; empty otherwise.</summary>
    public string Problem { get; private set; } = "";

    public void Accept(ReadOnlySpan<byte> line)
    {
        if (
            IsDone
            || !IsPart(line)
            || StreamLine.Read(line) is not LookBackMessage message
            || message.Request != request
        )
            return;
        if (message.Refused.Length > 0)
        {
            (IsDone, Problem) = (true, message.Refused);
            return;
        }

        // a part that belongs to no answer that is known may be half of one that an agent before a restart began
        if (_parts.Accept(message.Part, message.Parts, message.Sha256, message.Data).Length > 0 && message.Part == 1)
        {
            _parts.Clear();
            _parts.Accept(message.Part, message.Parts, message.Sha256, message.Data);
        }

        if (!_parts.Complete)
            return;
        _packed = _parts.Join(out string problem);
        (IsDone, Problem) = (true, problem);
        _parts.Clear();
    }

    /// <summary>The whole answer as it came, its hash verified; once.</summary>
    public byte[]? TakePacked()
    {
        byte[]? packed = _packed;
        _packed = null;
        return packed;
    }

    /// <summary>What is there of an answer that is not whole is let go, and comes again with the next reading.</summary>
    public void Rewind() => _parts.Clear();
}
