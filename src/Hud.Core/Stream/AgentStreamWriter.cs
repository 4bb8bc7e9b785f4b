using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>Writes the agent's stream: numbers the lines, keeps the bounds, splits the profile. Safe for several threads.</summary>
/// <param name="readerIsGone">Asked besides, for outputs that do not report it by an error.</param>
public sealed class AgentStreamWriter(System.IO.Stream output, Func<bool>? readerIsGone = null)
{
    private static readonly byte[] NewLine = [(byte)'\n'];
    private readonly Lock _gate = new();
    private long _seq;
    private bool _connected = true;

    /// <summary>Asks whether the reader is still there. Once it is not, it never is again, and later lines are dropped without an error.</summary>
    public bool CheckReader()
    {
        lock (_gate)
        {
            if (_connected && readerIsGone is not null && readerIsGone())
                _connected = false;
            return _connected;
        }
    }

    /// <summary>Messages that did not fit a line, however much of them was cut.</summary>
    public long LeftOut { get; private set; }

    /// <summary>
    /// One line. A message over <see cref="StreamLimits.MaxLineBytes"/> is sent smaller, see <see cref="StreamLine"/>, or left
    /// out and counted: what a profiled program is called must never end its run.
    /// </summary>
    public void Write(StreamMessage message)
    {
        lock (_gate)
        {
            if (StreamLine.Of(message with { Seq = _seq + 1 }) is not { } line)
            {
                LeftOut++;
                return;
            }

            _seq++;
            if (!CheckReader())
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

    /// <summary>Sends the document in parts. Returns the document as sent, after stacks were cut to fit.</summary>
    public ProfileDocument WriteProfile(ProfileDocument document) =>
        WriteParts(
            document,
            (part, parts, sha256, data) =>
                new ProfilePartMessage
                {
                    Part = part,
                    Parts = parts,
                    Sha256 = sha256,
                    Data = data,
                }
        );

    /// <summary>The same for the last while of a run that goes on.</summary>
    /// <param name="request">Whose answer it is; empty for one by SIGUSR1.</param>
    public ProfileDocument WriteLookBack(int number, ProfileDocument document, string request = "") =>
        WriteParts(
            document,
            (part, parts, sha256, data) =>
                new LookBackMessage
                {
                    Number = number,
                    Request = request,
                    Part = part,
                    Parts = parts,
                    Sha256 = sha256,
                    Data = data,
                }
        );

    private ProfileDocument WriteParts(ProfileDocument document, Func<int, int, string, string, StreamMessage> message)
    {
        var (fitted, compressed) = ProfileFitter.Fit(document, StreamLimits.MaxCompressedProfileBytes);
        string sha256 = Sha256.Of(compressed);
        int parts = Math.Max(
            1,
            (compressed.Length + StreamLimits.ProfilePartBytes - 1) / StreamLimits.ProfilePartBytes
        );
        for (int part = 0; part < parts; part++)
        {
            int start = part * StreamLimits.ProfilePartBytes;
            int length = Math.Min(StreamLimits.ProfilePartBytes, compressed.Length - start);
            Write(message(part + 1, parts, sha256, Convert.ToBase64String(compressed, start, length)));
        }

        return fitted;
    }
}

/// <summary>Compresses a document and, when it is too large, cuts what matters least first and says so.</summary>
public static class ProfileFitter
{
    /// <param name="maxBytes">Compressed.</param>
    /// <param name="maxHeapBytes">As objects, by the estimate of <see cref="ProfileWeight"/>.</param>
    public static (ProfileDocument Document, byte[] Compressed) Fit(
        ProfileDocument document,
        int maxBytes,
        long maxHeapBytes = StreamLimits.MaxProfileHeapBytes
    )
    {
        // what is far beyond any bound is not even written down once
        if (LineFitter.Letters(document) > StreamLimits.MaxProfileBytes)
            document = LineFitter.Cut(document);
        byte[] compressed = Compress(document, out double over, maxBytes, maxHeapBytes);
        if (over > 1)
        {
            // names without an end come first: no reader wants them whole, and what repeats itself compresses to nothing
            document = LineFitter.Cut(document);
            compressed = Compress(document, out over, maxBytes, maxHeapBytes);
        }

        while (
            over > 1 && (document.SlowPolls.Count > 0 || document.StackTable.Count > 0 || document.Hotspots.Count > 1)
        )
        {
            document = Cut(document, over);
            compressed = Compress(document, out over, maxBytes, maxHeapBytes);
        }

        return (document, compressed);
    }

    /// <summary>Cuts the timeline first (keeping the longest polls), then the stacks of the lower hotspots, then those hotspots.</summary>
    /// <param name="over">How many times the document is too large.</param>
    private static ProfileDocument Cut(ProfileDocument document, double over)
    {
        if (document.SlowPolls.Count > 0)
        {
            // a little less than what would do if the document were nothing but its timeline, and a fair step in any case
            int keep = (int)(document.SlowPolls.Count * Math.Clamp((1 / over) - 0.02, 0.25, 0.9));
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

        if (document.StackTable.Count == 0)
        {
            // where names are all escapes, what the hotspots say in words alone can be too much
            int rows = document.Hotspots.Count / 2;
            return document with
            {
                Hotspots = document.Hotspots.Take(rows).ToList(),
                Truncated = true,
                Losses = document.Losses with
                {
                    HotspotsCut = document.Losses.HotspotsCut + document.Hotspots.Count - rows,
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

    /// <param name="over">How many times the document is larger than the bound it breaks most; 1 or less: it fits.</param>
    private static byte[] Compress(ProfileDocument document, out double over, int maxBytes, long maxHeapBytes)
    {
        using var buffer = new MemoryStream();
        using var counter = new CountingStream(new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true));
        // in pieces: with endless names the whole text may not fit into memory
        JsonSerializer.Serialize(counter, document, HudJson.Default.ProfileDocument);
        counter.Dispose();
        byte[] compressed = buffer.ToArray();
        over = Math.Max((double)compressed.Length / maxBytes, (double)counter.Count / StreamLimits.MaxProfileBytes);
        if (counter.Count <= StreamLimits.MaxProfileBytes)
        {
            byte[] plain = JsonSerializer.SerializeToUtf8Bytes(document, HudJson.Default.ProfileDocument);
            over = Math.Max(over, (double)ProfileWeight.Of(plain) / maxHeapBytes);
        }
        return compressed;
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
