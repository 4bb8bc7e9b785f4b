using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Unwinding.Tests;

public sealed class StackFuzzTests
{
    [Fact]
    public void Damaged_frame_records_never_throw()
    {
        var seeds = new List<byte[]>();
        foreach (var machine in new[] { ElfMachine.X64, ElfMachine.AArch64 })
        {
            var program = new TinyProgram(machine);
            for (var i = 0; i < 40; i++)
            {
                program.Function(i * 64, 60, Programs[i % Programs.Length], signal: i % 7 == 0);
            }

            seeds.Add(program.Image()[0x2000..]); // frames and their header; the code in front is not worth damaging
        }

        var head = new TinyProgram().Image()[..0x2000];
        Fuzz.Run(
            "frame records",
            seeds,
            (bytes, random) =>
            {
                byte[] image = [.. head, .. bytes];
                TinyElf.Segment(image, 0, type: 1, flags: 5, 0, 0, (ulong)image.Length);
                TinyElf.Segment(
                    image,
                    1,
                    type: 0x6474e550,
                    flags: 4,
                    (ulong)image.Length - 8,
                    (ulong)image.Length - 8,
                    8
                );
                Assert.True(ElfFile.TryOpen(new MemoryByteSource(image), out var elf, out _));
                var table = UnwindTable.Build(elf);
                var module = new Module(0, ulong.MaxValue, 0, "", table, elf);
                var stack = new byte[random.Next(64) * 8];
                random.NextBytes(stack);
                Walk(new One(module), random, stack, 0x1000 + (ulong)random.Next(0x1000));
            }
        );
    }

    [Fact]
    public void Damaged_stacks_and_registers_of_real_programs_always_end()
    {
        var states = new[] { "rust-mixed", "c-realigned", "c-signals", "arm-plain" }
            .SelectMany(n => RecordedFixture.Read(Path.Combine(RecordedFixture.Folder, n + ".gz")))
            .ToArray();
        Fuzz.Run(
            "stacks",
            [.. states.Select(s => s.Stack)],
            (bytes, random) =>
            {
                var state = states[random.Next(states.Length)];
                var registers = state.Registers;
                for (var n = random.Next(4); n > 0; n--)
                {
                    registers[random.Next(17)] =
                        random.Next(2) == 0
                            ? (ulong)random.NextInt64(long.MinValue, long.MaxValue)
                            : registers.Sp + (ulong)random.Next(-64, 4096);
                }

                var end = random.Next(2) == 0 ? CaptureEnd.Poll : CaptureEnd.Anywhere;
                var stack = Unwinder.Unwind(registers, bytes, state.Modules, end);
                Assert.InRange(stack.Frames.Length, 1, StackLimits.MaxFrames);
                Assert.True(Enum.IsDefined(stack.Reason));
            }
        );
    }

    [Fact]
    public void Any_bytes_as_an_expression_end()
    {
        byte[] plt = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];
        byte[] loop = [0x31, 0x12, 0x28, 0xfc, 0xff, 0x2f, 0xf0, 0xff, 0x17, 0x16, 0x1b, 0x1d, 0x15, 3, 0x94, 4, 0x06];
        Fuzz.Run(
            "expressions",
            [plt, loop],
            (bytes, random) =>
            {
                if (random.Next(3) == 0)
                {
                    random.NextBytes(bytes);
                }

                var registers = UserRegisters.FromX64((ulong)random.NextInt64(), 0x1000, 0x1010);
                StackExpression.TryEvaluate(
                    bytes,
                    registers,
                    new StackMemory(0x1000, new byte[64]),
                    random.Next(2) == 0 ? null : 0x1020,
                    out _
                );
            }
        );
    }

    private static readonly byte[][] Programs =
    [
        [0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x6a, 0x0c, 7, 8],
        [0x42, 0x0a, 0x0e, 32, 0x8c, 3, 0x44, 0x0b, 0x41, 0x0c, 10, 0],
        [0x45, 0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0, 0x46, 0x10, 3, 2, 0x76, 0x68],
        [0x02, 5, 0x0e, 64, 0x03, 9, 0, 0x05, 12, 4, 0x06, 12, 0x07, 16],
        [0x41, 0x2d, 0x0e, 48, 0x9d, 6, 0x9e, 5, 0x44, 0xdd, 0xde, 0x0e, 0, 0x2e, 16, 0x16, 7, 2, 0x76, 0],
    ];

    private static void Walk(IModuleLookup modules, Random random, byte[] stack, ulong pc)
    {
        var registers = UserRegisters.FromX64(pc, (ulong)random.Next(1 << 20) * 8, (ulong)random.Next(1 << 20) * 8);
        var result = Unwinder.Unwind(
            registers,
            stack,
            modules,
            random.Next(2) == 0 ? CaptureEnd.Poll : CaptureEnd.Anywhere
        );
        Assert.InRange(result.Frames.Length, 1, StackLimits.MaxFrames);
    }

    private sealed class One(Module module) : IModuleLookup
    {
        public AddressKind Find(ulong address, out Module? found)
        {
            found = address < 0x10000 ? module : null;
            return found is null ? AddressKind.None : AddressKind.Module;
        }
    }
}
