//! A web shop in miniature. Each route makes one of the usual mistakes; with DEMO_FIXED=1 none of them does.
//!
//!     demo-service [PORT]       default 8088, loopback only; DEMO_WORKERS worker threads (default 4)

mod audit;
mod auth;
mod cart;
mod export;
mod http;
mod upstream;

use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};

/// What all requests share.
pub struct Shop {
    /// Whether the blocking parts are done as they should be.
    pub fixed: bool,
    pub cart: cart::Cart,
    pub audit: audit::Log,
    pub export: export::Report,
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8088);
    let workers = std::env::var("DEMO_WORKERS").ok().and_then(|count| count.parse().ok()).unwrap_or(4);
    let shop = Arc::new(Shop {
        fixed: std::env::var("DEMO_FIXED").is_ok_and(|value| value == "1"),
        cart: cart::Cart::default(),
        audit: audit::Log::create()?,
        export: export::Report::of_last_month(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    // In a task, not in block_on itself: the accept loop is then scheduled as everything else is.
    runtime.block_on(async { tokio::spawn(accept(port, shop)).await.expect("the accept loop does not panic") })
}

async fn accept(port: u16, shop: Arc<Shop>) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("demo-service {} listens on {}", if shop.fixed { "(fixed)" } else { "(with mistakes)" }, listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve_connection(stream, shop.clone()));
    }
}

async fn serve_connection(stream: TcpStream, shop: Arc<Shop>) {
    let mut connection = http::Connection::new(stream);
    while let Ok(Some(request)) = connection.read_request().await {
        let body = route(&request, &shop).await;
        if connection.write_response(body).await.is_err() {
            break;
        }
    }
}

async fn route(request: &http::Request, shop: &Arc<Shop>) -> Option<Vec<u8>> {
    match request.path.as_str() {
        "/health" => Some(b"ok\n".to_vec()),
        "/login" => Some(auth::log_in(shop, &request.body).await),
        "/report" => Some(export::download(shop).await),
        "/orders" => Some(audit::place_order(shop, &request.body).await),
        "/quote" => Some(upstream::quote(shop).await),
        "/cart" => Some(cart::add_item(shop).await),
        _ => None,
    }
}
