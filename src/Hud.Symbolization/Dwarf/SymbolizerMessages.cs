using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hud.Symbolization;

/// <summary>
/// The talk between the agent and its helper, over two pipes. A message is a little-endian u32 length and that many bytes.
/// <code>
/// request   u32 file, str shownPath, str alternativeName, u8 debug files, u8 wantSymbols, u16 n, n x u64 address
/// answer    str error, u8 hasDebugInfo, i32 t, t x str, u16 n, n x { text symbol, text directory, text unit, u8 frames, frames x { text name, u8 flags, text file, v32 line } }
/// str       7-bit encoded length, UTF-8
/// text      v32, an index into the t texts of the answer
/// v32       7-bit encoded
/// </code>
/// With each request go the open files over a <see cref="DescriptorSocket"/>: the module, then its debug file and that one's alternative,
/// as the bits of <c>debug files</c> (1, 2) say. Every request says all there is to say: a restarted helper knows as much as the one before. The agent checks what it reads: the
/// helper has been reading hostile files.
/// </summary>
internal static class SymbolizerMessages
{
    private const byte FlagLinkage = 1,
        FlagInlined = 2;

    public static void Send(Stream stream, MemoryStream message)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)message.Length);
        stream.Write(length);
        stream.Write(message.GetBuffer().AsSpan(0, (int)message.Length));
        stream.Flush();
    }

    /// <summary>Null at the end of the stream.</summary>
    public static byte[]? Receive(Stream stream)
    {
        Span<byte> head = stackalloc byte[4];
        if (stream.ReadAtLeast(head, 4, throwOnEndOfStream: false) < 4)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (length > DwarfLimits.MaxMessage)
        {
            throw new InvalidDataException($"a message of {length} bytes");
        }

        var message = new byte[length];
        return stream.ReadAtLeast(message, message.Length, throwOnEndOfStream: false) < message.Length ? null : message;
    }

    public static MemoryStream Request(SymbolizerRequest request)
    {
        var (stream, writer) = Writer();
        writer.Write(request.File);
        writer.Write(request.ShownPath);
        writer.Write(request.AlternativeName);
        writer.Write((byte)((request.Debug is null ? 0 : 1) | (request.Alternative is null ? 0 : 2)));
        writer.Write(request.WantSymbols);
        writer.Write((ushort)request.Addresses.Length);
        foreach (var address in request.Addresses)
        {
            writer.Write(address);
        }

        return stream;
    }

    public static SymbolizerRequest ReadRequest(byte[] message, SafeFileHandle[] files)
    {
        using var reader = new BinaryReader(new MemoryStream(message), Encoding.UTF8);
        var file = reader.ReadUInt32();
        var shown = reader.ReadString();
        var alternativeName = reader.ReadString();
        int with = reader.ReadByte(),
            next = 1;
        if (files.Length != 1 + (with & 1) + (with >> 1 & 1))
        {
            throw new InvalidDataException($"{files.Length} files to a request for {with}");
        }

        var debug = (with & 1) != 0 ? files[next++] : null;
        var alternative = (with & 2) != 0 ? files[next] : null;
        var symbols = reader.ReadBoolean();
        var addresses = new ulong[reader.ReadUInt16()];
        for (var i = 0; i < addresses.Length; i++)
        {
            addresses[i] = reader.ReadUInt64();
        }

        return new SymbolizerRequest(file, files[0], debug, alternative, alternativeName, shown, symbols, addresses);
    }

    public static MemoryStream Answer(SymbolizerAnswer answer)
    {
        var texts = new TextTable();
        var (body, places) = Writer();
        foreach (var location in answer.Locations)
        {
            // a full message says less about the rest, rather than nothing about all
            Write(
                places,
                texts,
                texts.Full || body.Length > DwarfLimits.MaxMessage / 2 ? RawLocation.Nothing : location
            );
        }

        var (stream, writer) = Writer();
        writer.Write(answer.Error);
        writer.Write(answer.HasDebugInfo);
        writer.Write(texts.All.Count);
        foreach (var text in texts.All)
        {
            writer.Write(text);
        }

        writer.Write((ushort)answer.Locations.Length);
        writer.Write(body.GetBuffer(), 0, (int)body.Length);
        return stream;
    }

    public static SymbolizerAnswer ReadAnswer(byte[] message, int expected)
    {
        using var reader = new BinaryReader(new MemoryStream(message), Encoding.UTF8);
        var error = reader.ReadString();
        var hasDebugInfo = reader.ReadBoolean();
        if (error.Length > 0)
        {
            // nothing else of it is used, and places beyond what was asked for would be memory for nothing
            return new SymbolizerAnswer(error, hasDebugInfo, []);
        }

        var texts = new string[CountOf(reader.ReadInt32())];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = reader.ReadString();
        }

        var count = reader.ReadUInt16();
        if (count != expected)
        {
            throw new InvalidDataException($"{count} answers to {expected} addresses");
        }

        var locations = new RawLocation[count];
        for (var i = 0; i < count; i++)
        {
            locations[i] = ReadLocation(reader, texts);
        }

        return new SymbolizerAnswer(error, hasDebugInfo, locations);
    }

    private static int CountOf(int texts) =>
        texts is >= 0 and <= DwarfLimits.MaxAnswerTexts ? texts : throw new InvalidDataException($"{texts} texts");

    private static void Write(BinaryWriter writer, TextTable texts, RawLocation location)
    {
        writer.Write7BitEncodedInt(texts.Add(location.Symbol));
        writer.Write7BitEncodedInt(texts.Add(location.Directory));
        writer.Write7BitEncodedInt(texts.Add(location.Unit));
        writer.Write((byte)location.Frames.Count);
        foreach (var frame in location.Frames)
        {
            writer.Write7BitEncodedInt(texts.Add(frame.Name));
            writer.Write((byte)((frame.Linkage ? FlagLinkage : 0) | (frame.Inlined ? FlagInlined : 0)));
            writer.Write7BitEncodedInt(texts.Add(frame.File));
            writer.Write7BitEncodedInt(frame.Line);
        }
    }

    private static RawLocation ReadLocation(BinaryReader reader, string[] texts)
    {
        var symbol = Text();
        var directory = Text();
        var unit = Text();
        var frames = new RawFrame[reader.ReadByte()];
        for (var i = 0; i < frames.Length; i++)
        {
            var name = Text();
            var flags = reader.ReadByte();
            frames[i] = new RawFrame(
                name,
                (flags & FlagLinkage) != 0,
                Text(),
                reader.Read7BitEncodedInt(),
                (flags & FlagInlined) != 0
            );
        }

        return new RawLocation(symbol, directory, unit, frames);

        string Text()
        {
            var index = reader.Read7BitEncodedInt();
            return (uint)index < (uint)texts.Length
                ? texts[index]
                : throw new InvalidDataException($"text {index} of {texts.Length}");
        }
    }

    /// <summary>Texts of one message, each once: the frames of a program repeat the same names and paths.</summary>
    private sealed class TextTable
    {
        private readonly Dictionary<string, int> index = new(StringComparer.Ordinal);
        private long characters;

        public List<string> All { get; } = [];

        public bool Full => characters > DwarfLimits.MaxAnswerText || All.Count > DwarfLimits.MaxAnswerTexts - 1024;

        public int Add(string text)
        {
            if (!index.TryGetValue(text, out var at))
            {
                index[text] = at = All.Count;
                All.Add(text);
                characters += text.Length;
            }

            return at;
        }
    }

    private static (MemoryStream Stream, BinaryWriter Writer) Writer()
    {
        var stream = new MemoryStream();
        return (stream, new BinaryWriter(stream, Encoding.UTF8));
    }
}

/// <param name="File">the same number for the same file, for as long as the helper should keep it open</param>
/// <param name="Main">the module, open</param>
/// <param name="Debug">its separate debug file, if there is one</param>
/// <param name="Alternative">what that shares with others (dwz), if there is such a file</param>
/// <param name="AlternativeName">the name by which debug information calls the last</param>
/// <param name="ShownPath">where the file lies, for messages alone</param>
/// <param name="WantSymbols">the agent has no symbol table of its own: libdwfl looks through all symbols for each address, which costs
/// milliseconds in a large file</param>
internal sealed record SymbolizerRequest(
    uint File,
    SafeFileHandle Main,
    SafeFileHandle? Debug,
    SafeFileHandle? Alternative,
    string AlternativeName,
    string ShownPath,
    bool WantSymbols,
    ulong[] Addresses
)
{
    public IReadOnlyList<SafeFileHandle> Files => [Main, .. new[] { Debug, Alternative }.OfType<SafeFileHandle>()];
}

/// <param name="Error">"" or why the file could not be used</param>
internal sealed record SymbolizerAnswer(string Error, bool HasDebugInfo, RawLocation[] Locations);
