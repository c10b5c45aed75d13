//! The liar's side of a connection.

use super::Stage;
use super::answer::Reply;
use super::lies::Place;
use anyhow::{Result, ensure};
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

pub(super) async fn serve(listener: TcpListener, stage: Arc<Stage>) {
    while let Ok((stream, _)) = listener.accept().await {
        let stage = Arc::clone(&stage);
        // What fails here is a connection that the other side gave up.
        tokio::spawn(async move { talk(stream, &stage).await.ok() });
    }
}

async fn talk(mut stream: TcpStream, stage: &Stage) -> Result<()> {
    let mut read = Vec::new();
    while let Some(path) = request(&mut stream, &mut read).await? {
        if !answer(&path, stage)?.send(&mut stream).await? {
            break;
        }
    }
    Ok(())
}

/// The path of the next request, after its body has been read; `None` at the end.
async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Result<Option<String>> {
    loop {
        let end = read.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let total = end + 4 + length(&head);
            while read.len() < total {
                ensure!(stream.read_buf(read).await? > 0, "cut off");
            }
            read.drain(..total);
            let target = head.split(' ').nth(1).unwrap_or_default();
            return Ok(Some(target.to_owned()));
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

fn length(head: &str) -> usize {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    found
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

fn answer(target: &str, stage: &Stage) -> Result<Reply> {
    let nothing = Reply {
        status: 404,
        ..Reply::default()
    };
    let mut parts = target.trim_start_matches('/').splitn(2, '/');
    let (Some(name), Some(path)) = (parts.next(), parts.next()) else {
        return Ok(nothing);
    };
    let Some(act) = stage.acts.get(name) else {
        return Ok(nothing);
    };
    let nonce = {
        let mut state = act.state();
        state.seen.push(path.to_owned());
        state.nonce.clone()
    };
    let place = match path.split('?').next().unwrap_or_default() {
        ".well-known/openid-configuration" => Place::Discovery,
        "jwks" => Place::Jwks,
        "token" => Place::Token,
        "userinfo" => Place::Userinfo,
        _ => return Ok(nothing),
    };
    act.lies.answer(place, &stage.scene(name, nonce))
}
