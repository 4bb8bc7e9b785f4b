using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Unwinding;

namespace Hud.NodeAgent.Tests.Kernel;

/// <summary>
/// Records of the ring buffer hold what the target's memory held: registers, a slice of its stack, names, ids. Whatever that is, a
/// report comes of it.
/// </summary>
public sealed class EventFuzzTests
{
    private const int InputsPerReport = 20_000;
    private static readonly int TypeOffset = (int)Marshal.OffsetOf<HudEvent>(nameof(HudEvent.Type));

    [Fact]
    public void Damaged_records_are_counted_or_reported()
    {
        var play = new Play();
        var inputs = 0;
        Fuzz.Run(
            "records",
            [.. Kinds().Select(e => Bytes(e, Stack())), .. Kinds().Select(e => Bytes(e, [])), Wait()],
            (bytes, _) =>
            {
                // the agent's own number, which comes with the probe
                if (bytes.Length >= TypeOffset + sizeof(uint))
                    MemoryMarshal.Write(
                        bytes.AsSpan(TypeOffset),
                        bytes[TypeOffset] == byte.MaxValue ? Abi.Outside : bytes[TypeOffset]
                    );
                play.Sink.Accept(bytes);
                if (++inputs % InputsPerReport != 0)
                    return;
                Assert.NotEmpty(play.Report());
                play = new Play();
            }
        );
        Assert.NotEmpty(play.Report());
    }

    /// <summary>One of each kind, as the programs make them: ten milliseconds of a poll of this process' own code.</summary>
    private static IEnumerable<HudEvent> Kinds()
    {
        foreach (
            var kind in Enum.GetValues<EventKind>().Where(k => k is >= EventKind.Poll and <= EventKind.SecondaryStack)
        )
        {
            var e = new HudEvent
            {
                Kind = kind,
                Flags = EventFlags.StackBlock,
                Tgid = (uint)Environment.ProcessId,
                Tid = 7,
                NsTid = 7,
                StartNs = 1_000_000_000,
                TimeNs = 1_010_000_000,
                WallNs = 10_000_000,
                OffNs = 8_000_000,
                WorstBlockNs = 8_000_000,
                BlockStartNs = 1_001_000_000,
                StackBase = 0x7f00_0000_0000,
            };
            e.Registers[7] = e.StackBase; // rsp
            e.Registers[16] = Code()[0]; // rip
            yield return e;
            e.Flags = EventFlags.StackPreempt | EventFlags.Open;
            e.Type = Abi.Outside;
            yield return e;
        }
    }

    /// <summary>Return addresses of this process between numbers that are none.</summary>
    private static byte[] Stack()
    {
        var words = new ulong[200];
        var code = Code();
        for (var i = 0; i < words.Length; i++)
            words[i] = i % 3 == 0 ? code[i % code.Length] : (ulong)i * 8;
        return MemoryMarshal.AsBytes(words.AsSpan()).ToArray();
    }

    private static ulong[] Code() =>
        [
            .. TargetFiles
                .ReadMaps(Environment.ProcessId)
                .Mappings.ToArray()
                .Where(m => m.Executable)
                .Take(20)
                .Select(m => m.Start + 0x1234),
        ];

    private static byte[] Bytes(HudEvent e, byte[] stack)
    {
        e.StackBytes = (uint)stack.Length;
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<HudEvent>(in e)), .. stack];
    }

    private static byte[] Wait()
    {
        var wait = new HudWait
        {
            Kind = EventKind.Wait,
            NsTid = 7,
            Weight = 1,
            WakeNs = 1_000_000_000,
            PollNs = 1_020_000_000,
        };
        return MemoryMarshal.AsBytes(new ReadOnlySpan<HudWait>(in wait)).ToArray();
    }

    /// <summary>All that stands behind the ring buffer, with this process as the target.</summary>
    private sealed class Play
    {
        private readonly StackStore _stacks = new(20_000);
        private readonly StackAttributor _attributor;
        private readonly PollAggregator _aggregator;

        public Play()
        {
            _attributor = new StackAttributor(_stacks, new Names());
            _aggregator = new PollAggregator(_attributor, Stage.Threshold);
            var space = TargetFiles.ReadMaps(Environment.ProcessId);
            Sink = new EventSink(
                [
                    new TargetProcess
                    {
                        Id = new(0),
                        Spec = new AgentTarget(),
                        Pid = Environment.ProcessId,
                        Modules = new TargetFiles(new UnwindTableCache()).Modules(Environment.ProcessId, space),
                    },
                ],
                _stacks,
                _attributor,
                _aggregator
            );
        }

        public EventSink Sink { get; }

        public byte[] Report() =>
            JsonSerializer.SerializeToUtf8Bytes(
                ProfileBuilder.Build(
                    new ProfileInputs
                    {
                        EndNs = Stopwatch.GetTimestamp(),
                        Targets = [new TargetProfile()],
                        Types = [.. Enumerable.Range(0, 255).Select(i => new TaskTypeFacts { Name = $"shop::{i}" })],
                    },
                    _aggregator,
                    _stacks,
                    _attributor,
                    exact: true
                ),
                HudJson.Default.ProfileDocument
            );
    }

    /// <summary>A name for every address, of a worker's stack in any order.</summary>
    private sealed class Names : IFrameSource
    {
        private static readonly Frame[] All = Named.Of(
            "shop::work < std::thread::sleep < libc::nanosleep"
                + Stage.Poll
                + " < tokio::runtime::park::Inner::park < main"
        );

        public IReadOnlyList<Frame> Resolve(TargetId target, ReadOnlySpan<ulong> addresses, bool exact) =>
            [.. addresses.ToArray().Select(a => All[a % (ulong)All.Length])];
    }
}
