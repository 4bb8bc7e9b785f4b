using System.Buffers.Binary;
using System.Diagnostics;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>Files that a target maps to keep the agent busy for ever. The agent ends in time, and does what it is asked meanwhile.</summary>
public sealed class HostileFileTests
{
    /// <summary>The word by which a library with Tokio is known, in a program of a fixed address whose segments claim 2^62 bytes.</summary>
    private static string Endless(long length)
    {
        byte[] file = new byte[4096];
        "\u007fELF"u8.CopyTo(file);
        (file[4], file[5], file[6]) = (2, 1, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), 62);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), 2);
        for (int i = 0; i < 2; i++)
        {
            var segment = file.AsSpan(64 + i * 56);
            BinaryPrimitives.WriteUInt32LittleEndian(segment, 1);
            BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 4 + (uint)i);
            BinaryPrimitives.WriteUInt64LittleEndian(segment[16..], 0x400000 + ((ulong)i << 62));
            BinaryPrimitives.WriteUInt64LittleEndian(segment[32..], 1UL << 62);
            BinaryPrimitives.WriteUInt64LittleEndian(segment[40..], 1UL << 62);
        }

        "Tokio"u8.CopyTo(file.AsSpan(1024));
        string path = Path.Combine(Directory.CreateTempSubdirectory("hud-hostile-").FullName, "endless");
        using var stream = File.Create(path);
        stream.Write(file);
        stream.SetLength(Math.Max(length, file.Length));
        return path;
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(1L << 40)] // sparse
    public void A_library_without_an_end_ends(long length)
    {
        string library = Endless(length);
        using var workload = Workload.StartFile(HostileProgram.Of("maps_file"), library);
        var clock = Stopwatch.StartNew();
        using var agent = AgentRun.Whole(AgentRun.TaskFor(workload.Pid, 1));
        Assert.True(
            agent.EndMessage is { Reason: "HUD201" or "HUD205" },
            $"{agent.EndMessage?.Reason} after {clock.Elapsed}: {agent.Text}"
        );
        workload.EndsWell();
        File.Delete(library);
    }
}
