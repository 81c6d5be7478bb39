//! A server's end of the control channel: the socket.
//!
//! The connection loop is the public one's ([`usher_http::serve`]), with a listener in front that looks at the user of
//! the process at the other end.

use std::{
    fs::Permissions,
    io,
    net::SocketAddr,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use usher_http::server::Listen;

use crate::{
    data_folder::{DataFolder, FOLDER_MODE, SECRET_FILE_MODE},
    failure::Failure,
    words,
};

/// Longest path a socket address holds on Linux, without the final zero byte.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// The place of the socket, chosen before the folder is locked because the lock file names it.
pub(crate) struct SocketPlace {
    path: PathBuf,
    /// A folder of its own when the data folder's path is too long for a socket address; removed at the end.
    _elsewhere: Option<TempDir>,
}

impl SocketPlace {
    /// Chooses the place for a data folder.
    ///
    /// # Errors
    /// A failure when the data folder's path is too long and the system's folder for temporary files cannot be used.
    pub(crate) fn choose(folder: &DataFolder) -> Result<Self, Failure> {
        let path = folder.control_socket();
        if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return Ok(Self {
                path,
                _elsewhere: None,
            });
        }
        let elsewhere = tempfile::Builder::new()
            .prefix("usher-")
            .permissions(Permissions::from_mode(FOLDER_MODE))
            .tempdir();
        let elsewhere = elsewhere.map_err(|error| unusable(&path, &error))?;
        Ok(Self {
            path: elsewhere.path().join("usher.sock"),
            _elsewhere: Some(elsewhere),
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A bound control socket; its file goes when it is dropped.
pub(crate) struct ControlListener {
    listener: UnixListener,
    place: SocketPlace,
    /// The user whose processes are served: the owner of the socket, which is this process's user.
    owner: u32,
}

impl ControlListener {
    /// Binds the socket. Only whoever holds the folder may call this: a file left behind by a killed server is removed.
    ///
    /// # Errors
    /// A failure naming the socket and the system's reason.
    pub(crate) fn bind(place: SocketPlace) -> Result<Self, Failure> {
        let bound = || {
            match std::fs::remove_file(place.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(place.path())?;
            std::fs::set_permissions(place.path(), Permissions::from_mode(SECRET_FILE_MODE))?;
            let owner = std::fs::metadata(place.path())?.uid();
            Ok((listener, owner))
        };
        let (listener, owner) = bound().map_err(|error| unusable(place.path(), &error))?;
        Ok(Self {
            listener,
            place,
            owner,
        })
    }
}

impl Listen for ControlListener {
    type Stream = UnixStream;

    /// Takes the next connection of this very user, or of root, who may do everything anyway.
    async fn next(&mut self) -> io::Result<(UnixStream, Option<SocketAddr>)> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let user = stream.peer_cred()?.uid();
            if user == self.owner || user == 0 {
                return Ok((stream, None));
            }
            tracing::warn!(peer.user = user, "a command of another user was turned away");
        }
    }
}

impl Drop for ControlListener {
    /// Removes the file while this process still holds the folder, so that no newer server's socket can be meant.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.place.path());
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::failed(words!(
        "cannot make the control socket {path}: {error}",
        "无法创建控制套接字 {path}：{error}"
    ))
}
