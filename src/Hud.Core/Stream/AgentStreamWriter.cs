using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>Writes the agent's stream: numbers the lines, keeps the bounds, splits the profile. Safe for several threads.</summary>
/// <param name="readerIsGone">Asked besides, for outputs that do not tell by an error.</param>
public sealed class AgentStreamWriter(System.IO.Stream output, Func<bool>? readerIsGone = null)
{
    private static readonly byte[] NewLine = [(byte)'\n'];
    private readonly Lock _gate = new();
    private long _seq;
    private bool _connected = true;

    /// <summary>False once the reader has gone away; later lines are dropped without an error.</summary>
    public bool IsConnected => _connected &= readerIsGone is null || !readerIsGone();

    /// <summary>Messages that did not fit a line, however much of them was cut.</summary>
    public long LeftOut { get; private set; }

    /// <summary>
    /// One line. A message over <see cref="StreamLimits.MaxLineBytes"/> is sent smaller, see <see cref="LineFitter"/>, or left
    /// out and counted: what a profiled program is called must never end its run.
    /// </summary>
    public void Write(StreamMessage message)
    {
        lock (_gate)
        {
            if (FittingLine(message) is not { } line)
            {
                LeftOut++;
                return;
            }

            _seq++;
            if (!IsConnected)
                return;
            try
            {
                output.Write(line);
                output.Write(NewLine);
                output.Flush();
            }
            catch (IOException)
            {
                // EPIPE: whoever read us is gone; the run still ends in order
                _connected = false;
            }
        }
    }

    private byte[]? FittingLine(StreamMessage message)
    {
        byte[] line = Serialize(message);
        if (line.Length <= StreamLimits.MaxLineBytes)
            return line;
        for (
            StreamMessage? smaller = LineFitter.Cut(message);
            smaller is not null;
            smaller = LineFitter.Smaller(smaller)
        )
        {
            line = Serialize(smaller);
            if (line.Length <= StreamLimits.MaxLineBytes)
                return line;
        }

        return null;
    }

    private byte[] Serialize(StreamMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message with { Seq = _seq + 1 }, HudJson.Default.StreamMessage);

    /// <summary>Sends the document in parts. Returns the document as sent, after stacks were cut to fit.</summary>
    public ProfileDocument WriteProfile(ProfileDocument document)
    {
        var (fitted, compressed) = ProfileFitter.Fit(document, StreamLimits.MaxCompressedProfileBytes);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(compressed));
        int parts = Math.Max(
            1,
            (compressed.Length + StreamLimits.ProfilePartBytes - 1) / StreamLimits.ProfilePartBytes
        );
        for (int part = 0; part < parts; part++)
        {
            int start = part * StreamLimits.ProfilePartBytes;
            int length = Math.Min(StreamLimits.ProfilePartBytes, compressed.Length - start);
            Write(
                new ProfilePartMessage
                {
                    Part = part + 1,
                    Parts = parts,
                    Sha256 = sha256,
                    Data = Convert.ToBase64String(compressed, start, length),
                }
            );
        }

        return fitted;
    }
}

/// <summary>Compresses a document and, when it is too large, cuts what matters least first and says so.</summary>
public static class ProfileFitter
{
    public static (ProfileDocument Document, byte[] Compressed) Fit(ProfileDocument document, int maxBytes)
    {
        // what is far beyond any bound is not even written down once
        if (LineFitter.Letters(document) > StreamLimits.MaxProfileBytes)
            document = LineFitter.Cut(document);
        byte[] compressed = Compress(document, out long plain);
        if (plain > StreamLimits.MaxProfileBytes || compressed.Length > maxBytes)
        {
            // names without an end come first: no reader wants them whole, and what repeats itself compresses to nothing
            document = LineFitter.Cut(document);
            compressed = Compress(document, out plain);
        }

        while (
            (compressed.Length > maxBytes || plain > StreamLimits.MaxProfileBytes)
            && (document.SlowPolls.Count > 0 || document.StackTable.Count > 0)
        )
        {
            document = Cut(document);
            compressed = Compress(document, out plain);
        }

        return (document, compressed);
    }

    /// <summary>Halves the timeline first (keeping the longest polls); then drops the stacks of the lower hotspots.</summary>
    private static ProfileDocument Cut(ProfileDocument document)
    {
        if (document.SlowPolls.Count > 0)
        {
            int keep = document.SlowPolls.Count / 2;
            var kept = document
                .SlowPolls.OrderByDescending(p => p.WallNs)
                .ThenBy(p => p.StartNs)
                .Take(keep)
                .OrderBy(p => p.StartNs)
                .ThenBy(p => p.Worker)
                .ToList();
            return document with
            {
                SlowPolls = kept,
                Truncated = true,
                Losses = document.Losses with
                {
                    SlowPollsCut = document.Losses.SlowPollsCut + document.SlowPolls.Count - keep,
                },
            };
        }

        // indices must stay valid, so an emptied entry keeps its place
        int live = document.StackTable.Count(s => s.Frames.Count > 0);
        int from = document.StackTable.Count - Math.Max(1, document.StackTable.Count / 2);
        if (live == 0 || document.StackTable.Count <= 1)
            return document with { StackTable = [], Truncated = true };
        return document with
        {
            StackTable = document.StackTable.Take(from).ToList(),
            Hotspots = document
                .Hotspots.Select(h =>
                    h with
                    {
                        StackIndex = h.StackIndex >= from ? -1 : h.StackIndex,
                        HolderStackIndex = h.HolderStackIndex >= from ? -1 : h.HolderStackIndex,
                    }
                )
                .ToList(),
            Workers = document
                .Workers.Select(w =>
                    w with
                    {
                        LatencyByStack = w
                            .LatencyByStack.Select(g => g.StackIndex >= from ? g with { StackIndex = -1 } : g)
                            .ToList(),
                    }
                )
                .ToList(),
            Truncated = true,
            Losses = document.Losses with { StacksCut = document.Losses.StacksCut + document.StackTable.Count - from },
        };
    }

    /// <param name="plainBytes">Bytes before compression.</param>
    private static byte[] Compress(ProfileDocument document, out long plainBytes)
    {
        using var buffer = new MemoryStream();
        using var counter = new CountingStream(new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true));
        // in pieces: with endless names the whole text may not fit into memory
        JsonSerializer.Serialize(counter, document, HudJson.Default.ProfileDocument);
        plainBytes = counter.Count;
        counter.Dispose();
        return buffer.ToArray();
    }

    /// <summary>Counts what is written through it.</summary>
    private sealed class CountingStream(System.IO.Stream inner) : System.IO.Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Count;

        public override long Position
        {
            get => Count;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Count += buffer.Length;
            inner.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
