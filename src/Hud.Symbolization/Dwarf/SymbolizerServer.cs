namespace Hud.Symbolization;

/// <summary>The helper's side: reads requests until its input ends. Whatever a file does to libdw happens in this process.</summary>
public static class SymbolizerServer
{
    /// <summary>The hidden verb: <c>hud-agent --symbolizer</c>.</summary>
    public const string Verb = "--symbolizer";

    /// <summary>True when the program was started as the helper and has done its work: exit with 0 then.</summary>
    public static bool RunIfAsked(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments is not [Verb, ..])
        {
            return false;
        }

        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        Run(input, output);
        return true;
    }

    internal static void Run(Stream input, Stream output)
    {
        var files = new Dictionary<uint, (DwarfFile? File, string Error, long Used)>();
        long clock = 0;
        try
        {
            while (SymbolizerMessages.Receive(input) is { } message)
            {
                var request = SymbolizerMessages.ReadRequest(message);
                if (!files.TryGetValue(request.File, out var open))
                {
                    CloseOldest(files);
                    var file = Open(request, out var error);
                    open = (file, error, 0);
                }

                files[request.File] = open with { Used = ++clock };
                var dwarf = open.File;
                var locations = FindAll(request, ref dwarf);
                files[request.File] = open with { File = dwarf, Used = clock };
                SymbolizerMessages.Send(
                    output,
                    SymbolizerMessages.Answer(
                        new SymbolizerAnswer(open.Error, open.File?.HasDebugInfo ?? false, locations)
                    )
                );
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or EndOfStreamException)
        {
            // the agent is gone or speaks another language: nobody is left to tell
        }

        foreach (var (file, _, _) in files.Values)
        {
            file?.Dispose();
        }
    }

    private static RawLocation[] FindAll(SymbolizerRequest request, ref DwarfFile? dwarf)
    {
        if (dwarf is null)
        {
            return [];
        }

        var locations = new RawLocation[request.Addresses.Length];
        Array.Fill(locations, RawLocation.Nothing);
        for (var i = 0; i < locations.Length && dwarf is not null; i++)
        {
            if ((i & 15) == 0)
            {
                KeepSmall(request, ref dwarf);
            }

            locations[i] = dwarf?.Find(request.Addresses[i], request.WantSymbols) ?? RawLocation.Nothing;
        }

        return locations;
    }

    /// <summary>libdw keeps the lines of every unit it has read until the file is closed: with all units of a large program that is
    /// more than a gigabyte. So the file is closed and opened again when the helper has grown too much. The file's own pages, which are
    /// mapped, are only let go: they stay in the system's cache.</summary>
    private static void KeepSmall(SymbolizerRequest request, ref DwarfFile? dwarf)
    {
        var memory = ProcessMemory.Of(Environment.ProcessId);
        if (memory.Own > DwarfLimits.MaxOwnMemory)
        {
            dwarf?.Dispose();
            _ = Interop.malloc_trim(0);
            dwarf = Open(request, out _);
        }
        else if (memory.Files > DwarfLimits.MaxFilePages)
        {
            dwarf?.LetPagesGo();
        }
    }

    private static DwarfFile? Open(SymbolizerRequest request, out string error)
    {
        try
        {
            return DwarfFile.Open(request.Path, request.ShownPath, request.DebugPath, out error);
        }
        catch (DllNotFoundException)
        {
            error = $"{Interop.Libdw} is not installed";
            return null;
        }
    }

    private static void CloseOldest(Dictionary<uint, (DwarfFile? File, string Error, long Used)> files)
    {
        if (files.Count < DwarfLimits.MaxOpenFiles)
        {
            return;
        }

        var oldest = files.MinBy(f => f.Value.Used).Key;
        files[oldest].File?.Dispose();
        files.Remove(oldest);
    }
}
