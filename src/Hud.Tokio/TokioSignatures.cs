using System.Buffers.Binary;
using Hud.Elf;

namespace Hud.Tokio;

/// <summary>
/// Functions of Tokio that are found even in a program without symbols: they refer to the text of a panic message that nothing
/// else has. x86-64. Where the compiler put such a function into its caller, the caller goes by its name.
/// </summary>
public sealed class TokioSignatures
{
    /// <summary>Hands the worker's queue to another thread: what is above it on the stack blocks no worker.</summary>
    public const string BlockInPlace = Hud.Frames.EntryPoints.BlockInPlaceSignature;

    private const long MaxScan = 512L << 20;
    private const int MaxFound = 1024;
    private readonly List<(ulong Start, ulong End)> _blockInPlace = [];

    private TokioSignatures() { }

    public static TokioSignatures None { get; } = new();

    public static TokioSignatures Find(ElfFile elf)
    {
        ArgumentNullException.ThrowIfNull(elf);
        // the same words since Tokio 0.2
        if (
            elf.Machine != ElfMachine.X64
            || LoadedBytes.Find(elf, "can call blocking only when running on the multi-threaded runtime"u8, MaxScan)
                is not { } text
        )
            return None;
        var found = new TokioSignatures();
        foreach (ulong site in References(elf, text))
        {
            if (FunctionBounds.Enclosing(elf, site) is { } function)
                found._blockInPlace.Add(function);
        }

        return found;
    }

    /// <param name="address">ELF address, pc - 1 for callers</param>
    public bool TryName(ulong address, out string name)
    {
        name = _blockInPlace.Exists(f => address - f.Start < f.End - f.Start) ? BlockInPlace : "";
        return name.Length > 0;
    }

    /// <summary>Where <c>lea text(%rip), register</c> stands.</summary>
    private static List<ulong> References(ElfFile elf, ulong text)
    {
        const int length = 7; // REX.W, 8D, ModRM with mod 00 and rm 101, 32-bit displacement from the next instruction
        byte[] buffer = LoadedBytes.Buffer();
        var found = new List<ulong>();
        foreach (var (address, count) in LoadedBytes.Pieces(elf, buffer, length, MaxScan, codeOnly: true))
        {
            var code = buffer.AsSpan(0, count);
            for (int at = 1; at + length - 1 <= count && found.Count < MaxFound; at++)
            {
                int next = code[at..].IndexOf((byte)0x8D);
                if (next < 0)
                    break;
                at += next;
                if (at + length - 1 > count || (code[at - 1] & 0xFB) != 0x48 || (code[at + 1] & 0xC7) != 0x05)
                    continue;
                ulong after = address + (ulong)(at + length - 1);
                if (after + (ulong)BinaryPrimitives.ReadInt32LittleEndian(code[(at + 2)..]) == text)
                    found.Add(address + (ulong)(at - 1));
            }
        }

        return found;
    }
}
