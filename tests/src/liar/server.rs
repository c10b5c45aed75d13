//! The liar's side of a connection.

use super::answer::Reply;
use super::lies::Place;
use super::{Asked, Stage};
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
    while let Some((target, text)) = request(&mut stream, &mut read).await? {
        if !answer(&target, text, stage)?.send(&mut stream).await? {
            break;
        }
    }
    Ok(())
}

/// The target of the next request, and all of it, after its body has been read; `None` at the end.
async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Result<Option<(String, String)>> {
    loop {
        let end = read.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let total = end + 4 + length(&head);
            while read.len() < total {
                ensure!(stream.read_buf(read).await? > 0, "cut off");
            }
            let text = String::from_utf8_lossy(&read[..total]).into_owned();
            read.drain(..total);
            let target = head.split(' ').nth(1).unwrap_or_default();
            return Ok(Some((target.to_owned(), text)));
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

fn answer(target: &str, text: String, stage: &Stage) -> Result<Reply> {
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
    let scene = {
        let mut state = act.state();
        let path = path.to_owned();
        state.seen.push(Asked { path, text });
        stage.scene(name, &state)
    };
    let place = match path.split('?').next().unwrap_or_default() {
        ".well-known/openid-configuration" => Place::Discovery,
        "jwks" => Place::Jwks,
        "token" => Place::Token,
        "userinfo" => Place::Userinfo,
        path if path.starts_with("collect") => Place::Collector,
        _ => return Ok(nothing),
    };
    let reply = act.lies.answer(place, &scene)?;
    if place == Place::Token {
        act.state().given = String::from_utf8_lossy(&reply.body).into_owned();
    }
    Ok(reply)
}
