using System.Text;
using System.Text.Json;
using Hud.Elf;

namespace Hud.Unwinding.Tests;

/// <summary>One frame as gdb gave it; <c>Cfa</c> 0 for the outermost.</summary>
internal sealed record RecordedFrame(ulong Pc, ulong Cfa, bool Signal);

/// <summary>One stopped thread: registers, stack bytes from its stack pointer, gdb's frames.</summary>
internal sealed record RecordedState(
    IModuleLookup Modules,
    UserRegisters Registers,
    byte[] Stack,
    RecordedFrame[] Frames
)
{
    public ulong StackEnd => Registers.Sp + (ulong)Stack.Length;
}

/// <summary>Reads what programs/record.py writes.</summary>
internal static class StackRecording
{
    /// <param name="lines">The recording's lines.</param>
    /// <param name="open">Gives the file of a mapped path, or null.</param>
    public static List<RecordedState> Read(IEnumerable<string> lines, Func<string, IByteSource?> open)
    {
        var states = new List<RecordedState>();
        var tables = new Dictionary<string, (ElfFile, UnwindTable)?>(StringComparer.Ordinal);
        IModuleLookup modules = new ModuleMap(AddressSpaceMap.Empty, _ => null);
        foreach (var line in lines)
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.TryGetProperty("maps", out var maps))
            {
                modules = Modules(maps.GetString()!, root.GetProperty("vdso").GetBytesFromBase64(), open, tables);
                continue;
            }

            states.Add(
                new RecordedState(
                    modules,
                    Registers([.. root.GetProperty("regs").EnumerateArray().Select(Hex)]),
                    root.GetProperty("stack").GetBytesFromBase64(),
                    [
                        .. root.GetProperty("frames")
                            .EnumerateArray()
                            .Select(f => new RecordedFrame(Hex(f[0]), Hex(f[1]), f[2].GetString() == "s")),
                    ]
                )
            );
        }

        return states;
    }

    private static UserRegisters Registers(ulong[] values) =>
        values.Length == UserRegisters.Count ? UserRegisters.FromAArch64(values) : UserRegisters.FromX64(values);

    private static ulong Hex(JsonElement text) => Convert.ToUInt64(text.GetString(), 16);

    private static ModuleMap Modules(
        string maps,
        byte[] vdso,
        Func<string, IByteSource?> open,
        Dictionary<string, (ElfFile Elf, UnwindTable Table)?> tables
    ) =>
        new(
            new AddressSpaceMap(MapsParser.Parse(Encoding.UTF8.GetBytes(maps)).Mappings),
            mapping =>
            {
                if (!tables.TryGetValue(mapping.Path, out var known))
                {
                    var source = mapping.IsVdso ? new MemoryByteSource(vdso) : open(mapping.Path);
                    known =
                        source is not null && ElfFile.TryOpen(source, out var elf, out _)
                            ? (elf, UnwindTable.Build(elf))
                            : null;
                    tables[mapping.Path] = known;
                }

                return known is null ? null : Module.From(mapping, known.Value.Elf, known.Value.Table);
            }
        );
}
