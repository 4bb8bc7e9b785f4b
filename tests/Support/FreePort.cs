using System.Net;
using System.Net.Sockets;

namespace Hud.Tests.Support;

/// <summary>
/// A port of loopback for a program that can't be given a socket. It is below those that the kernel hands out by itself, so that no connection of
/// another test gets it before the program does, and no port comes twice in one process.
/// </summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int _last = Environment.ProcessId * 37;

    public static int Next()
    {
        for (int i = 0; i < Count; i++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // somebody has it
            }
        }
        throw new InvalidOperationException("no port is free");
    }
}
