using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>Writes the agent's stream: numbers the lines, keeps the bounds, splits the profile. Safe for several threads.</summary>
public sealed class AgentStreamWriter(System.IO.Stream output)
{
    private static readonly byte[] NewLine = [(byte)'\n'];
    private readonly Lock _gate = new();
    private long _seq;

    /// <summary>False once the reader has gone away; later lines are dropped without an error.</summary>
    public bool IsConnected { get; private set; } = true;

    /// <exception cref="InvalidOperationException">The line would exceed <see cref="StreamLimits.MaxLineBytes"/>: a defect of the caller.</exception>
    public void Write(StreamMessage message)
    {
        lock (_gate)
        {
            byte[] line = JsonSerializer.SerializeToUtf8Bytes(message with { Seq = _seq + 1 }, HudJson.Default.StreamMessage);
            if (line.Length > StreamLimits.MaxLineBytes)
                throw new InvalidOperationException($"a {message.GetType().Name} of {line.Length} bytes exceeds the stream's line bound");
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
                IsConnected = false;
            }
        }
    }

    /// <summary>Sends the document in parts. Returns the document as sent, after stacks were cut to fit.</summary>
    public ProfileDocument WriteProfile(ProfileDocument document)
    {
        var (fitted, compressed) = ProfileFitter.Fit(document, StreamLimits.MaxCompressedProfileBytes);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(compressed));
        int parts = Math.Max(1, (compressed.Length + StreamLimits.ProfilePartBytes - 1) / StreamLimits.ProfilePartBytes);
        for (int part = 0; part < parts; part++)
        {
            int start = part * StreamLimits.ProfilePartBytes;
            int length = Math.Min(StreamLimits.ProfilePartBytes, compressed.Length - start);
            Write(new ProfilePartMessage
            {
                Part = part + 1,
                Parts = parts,
                Sha256 = sha256,
                Data = Convert.ToBase64String(compressed, start, length),
            });
        }

        return fitted;
    }
}

/// <summary>Compresses a document and, when it is too large, cuts what matters least first and says so.</summary>
public static class ProfileFitter
{
    public static (ProfileDocument Document, byte[] Compressed) Fit(ProfileDocument document, int maxBytes)
    {
        byte[] compressed = Compress(document);
        while (compressed.Length > maxBytes && (document.SlowPolls.Count > 0 || document.StackTable.Count > 0))
        {
            document = Cut(document);
            compressed = Compress(document);
        }

        return (document, compressed);
    }

    /// <summary>Halves the timeline first (keeping the longest polls); then drops the stacks of the lower hotspots.</summary>
    private static ProfileDocument Cut(ProfileDocument document)
    {
        if (document.SlowPolls.Count > 0)
        {
            int keep = document.SlowPolls.Count / 2;
            var kept = document.SlowPolls.OrderByDescending(p => p.WallNs).ThenBy(p => p.StartNs).Take(keep).OrderBy(p => p.StartNs).ThenBy(p => p.Worker).ToList();
            return document with
            {
                SlowPolls = kept,
                Truncated = true,
                Losses = document.Losses with { SlowPollsCut = document.Losses.SlowPollsCut + document.SlowPolls.Count - keep },
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
            Hotspots = document.Hotspots.Select(h => h with
            {
                StackIndex = h.StackIndex >= from ? -1 : h.StackIndex,
                HolderStackIndex = h.HolderStackIndex >= from ? -1 : h.HolderStackIndex,
            }).ToList(),
            Workers = document.Workers.Select(w => w with
            {
                LatencyByStack = w.LatencyByStack.Select(g => g.StackIndex >= from ? g with { StackIndex = -1 } : g).ToList(),
            }).ToList(),
            Truncated = true,
            Losses = document.Losses with { StacksCut = document.Losses.StacksCut + document.StackTable.Count - from },
        };
    }

    private static byte[] Compress(ProfileDocument document)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
            JsonSerializer.Serialize(gzip, document, HudJson.Default.ProfileDocument);
        return buffer.ToArray();
    }
}
