using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hud.Symbolization;

/// <summary>One file open in libdwfl: its symbols and debug information, wherever that lies (the file itself, a separate file by
/// build id or debug link below the given folders, <c>.gnu_debugdata</c>). Not thread-safe.</summary>
internal sealed unsafe class DwflSession : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Bytes of one Elf64_Sym.</summary>
    private const int SymbolSize = 24;

    private static readonly nint StandardSearch = Interop.Export("dwfl_standard_find_debuginfo");

    /// <summary>Why the debug file that was found last is not used. The library calls back on the thread that asked it.</summary>
    [ThreadStatic]
    private static string? refused;

    private Interop.Callbacks* callbacks;
    private readonly byte* path;
    private ulong mainBias;

    private DwflSession(string debugPath)
        : base(ownsHandle: true)
    {
        // the library keeps the pointers until dwfl_end
        var text = Encoding.UTF8.GetBytes(debugPath + "\0");
        var memory = (byte*)NativeMemory.AllocZeroed((nuint)(sizeof(Interop.Callbacks) + sizeof(byte*) + text.Length));
        callbacks = (Interop.Callbacks*)memory;
        var pathPointer = (byte**)(memory + sizeof(Interop.Callbacks));
        path = memory + sizeof(Interop.Callbacks) + sizeof(byte*);
        text.CopyTo(new Span<byte>(path, text.Length));
        *pathPointer = path;
        callbacks->DebugInfoPath = pathPointer;
        callbacks->FindElf = Interop.Export("dwfl_build_id_find_elf");
        callbacks->FindDebugInfo = (nint)
            (delegate* unmanaged[Cdecl]<nint, void*, byte*, ulong, byte*, byte*, uint, byte**, int>)&FindDebugInfo;
        callbacks->SectionAddress = Interop.Export("dwfl_offline_section_address");
        SetHandle(Interop.dwfl_begin(callbacks));
    }

    public nint Module { get; private set; }

    /// <summary>0 when there is no debug information.</summary>
    public nint Dwarf { get; private set; }

    /// <param name="path">what to open</param>
    /// <param name="shownPath">where the file lies, for the search of a debug link beside it</param>
    /// <param name="debugPath">colon-separated folders with debug files</param>
    public static DwflSession? Open(string path, string shownPath, string debugPath, out string error)
    {
        var session = new DwflSession(debugPath);
        error = session.Load(path, shownPath);
        if (error.Length == 0)
        {
            return session;
        }

        session.Dispose();
        return null;
    }

    /// <summary>The symbol that covers an ELF address, from any table there is; "" for none.</summary>
    public string SymbolAt(ulong elfAddress)
    {
        var symbol = stackalloc byte[SymbolSize];
        ulong offset,
            bias;
        var name = Interop.dwfl_module_addrinfo(
            Module,
            unchecked(elfAddress + mainBias),
            &offset,
            symbol,
            null,
            null,
            &bias
        );
        var size = *(ulong*)(symbol + 16);
        return name is null || (size > 0 && offset >= size) ? "" : Interop.Text(name);
    }

    /// <summary>The library's own search, but what it finds must not unpack to more than there is room for.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FindDebugInfo(
        nint module,
        void* userData,
        byte* name,
        ulong start,
        byte* file,
        byte* link,
        uint checksum,
        byte** found
    )
    {
        var search = (delegate* unmanaged[Cdecl]<
            nint,
            void*,
            byte*,
            ulong,
            byte*,
            byte*,
            uint,
            byte**,
            int>)StandardSearch;
        var descriptor = search(module, userData, name, start, file, link, checksum, found);
        if (descriptor < 0 || PackedDebugInfo.Refuse($"/proc/self/fd/{descriptor}") is not { Length: > 0 } why)
        {
            return descriptor;
        }

        // the library would open the file by its name when it is given that alone
        refused = why;
        _ = Interop.close(descriptor);
        NativeMemory.Free(*found);
        *found = null;
        return -1;
    }

    /// <summary>Takes the file's pages out of this process's resident memory; those that are needed again come back from the cache.</summary>
    public void LetPagesGo()
    {
        ulong bias;
        var main = Interop.dwfl_module_getelf(Module, &bias);
        var debug = Dwarf == 0 ? main : Interop.dwarf_getelf(Dwarf);
        foreach (var elf in (ReadOnlySpan<nint>)[main, debug == main ? 0 : debug])
        {
            nuint size = 0;
            var start = elf == 0 ? null : Interop.elf_rawfile(elf, &size);

            // what is not page-aligned is not a mapping
            if (start is not null && (nuint)start % (nuint)Environment.SystemPageSize == 0)
            {
                _ = Interop.madvise(start, size, Interop.DontNeed);
            }
        }
    }

    protected override bool ReleaseHandle()
    {
        Interop.dwfl_end(handle);
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        // libdwfl reads the callbacks until dwfl_end; a second Dispose finds none
        NativeMemory.Free(callbacks);
        callbacks = null;
    }

    private string Load(string file, string shownPath)
    {
        if (IsInvalid)
        {
            return Interop.LastError();
        }

        SafeFileHandle opened;
        try
        {
            opened = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return e.Message;
        }

        if (PackedDebugInfo.Refuse($"/proc/self/fd/{opened.DangerousGetHandle()}") is { Length: > 0 } why)
        {
            opened.Dispose();
            return why;
        }

        // the library owns the descriptor once it has accepted it
        Module = Interop.dwfl_report_offline(handle, "", shownPath, (int)opened.DangerousGetHandle());
        if (Module == 0)
        {
            var error = Interop.LastError();
            opened.Dispose();
            return error;
        }

        opened.SetHandleAsInvalid();
        if (Interop.dwfl_report_end(handle, 0, 0) != 0)
        {
            return Interop.LastError();
        }

        ulong bias;
        if (Interop.dwfl_module_getelf(Module, &bias) != 0)
        {
            mainBias = bias;
        }

        refused = null;
        Dwarf = Interop.dwfl_module_getdwarf(Module, &bias);
        return refused ?? "";
    }
}
