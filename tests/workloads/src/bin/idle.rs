//! A service without requests. Expected: nothing, with the reason `Idle`: no poll was seen.

use tokio::net::TcpListener;

fn main() {
    let args = workloads::start();
    workloads::runtime(&args).block_on(async {
        tokio::spawn(accept());
        std::future::pending::<()>().await;
    });
}

async fn accept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    while listener.accept().await.is_ok() {}
}
