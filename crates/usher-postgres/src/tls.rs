//! TLS to the database, as much of it as the address asks for.
//!
//! rustls always proves that the server owns the key of the certificate that it shows. Whether anybody vouches for that
//! certificate, and under which name, is what the modes differ in. The driver's connector refuses hosts without a name (sockets
//! of this machine), where PostgreSQL speaks no TLS anyway, so [`Tls`] gives those a name that nothing has.

use std::{path::Path, sync::Arc};

use tokio_postgres::{Socket, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use crate::address::{Authorities, DatabaseAddress, TlsMode};

/// A name that no server has, for sockets without one.
const NAMELESS: &str = "nameless.invalid";

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file with the authorities cannot be read, or holds none.
    #[error("{path}: {reason}")]
    AuthorityFile {
        /// Which file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system trusts nobody.
    #[error("this machine trusts no authority; name a file with sslrootcert")]
    NoAuthorities,
    /// rustls refuses.
    #[error("{0}")]
    Setup(#[from] rustls::Error),
    /// The authorities cannot be used.
    #[error("{0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// Makes TLS connections for the driver.
#[derive(Clone)]
pub(crate) struct Tls(MakeRustlsConnect);

impl MakeTlsConnect<Socket> for Tls {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Self::Error> {
        let name = if host.is_empty() { NAMELESS } else { host };
        MakeTlsConnect::<Socket>::make_tls_connect(&mut self.0, name)
    }
}

/// Prepares TLS for an address.
pub(crate) fn prepare(address: &DatabaseAddress) -> Result<Tls, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match check(address) {
        Check::Nothing => Arc::new(AnyCertificate(provider.clone())),
        Check::Authority => Arc::new(AnyName(trusted(address.authorities(), &provider)?)),
        Check::AuthorityAndName => trusted(address.authorities(), &provider)?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Tls(MakeRustlsConnect::new(config)))
}

/// What is asked of a certificate.
enum Check {
    Nothing,
    Authority,
    AuthorityAndName,
}

/// As PostgreSQL's own programs do: whoever names authorities with `require` means them.
fn check(address: &DatabaseAddress) -> Check {
    match (address.tls_mode(), address.authorities()) {
        (TlsMode::VerifyFull, _) => Check::AuthorityAndName,
        (TlsMode::VerifyCa, _) | (TlsMode::Require, Authorities::File(_)) => Check::Authority,
        _ => Check::Nothing,
    }
}

fn trusted(
    authorities: &Authorities,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let roots = match authorities {
        Authorities::File(path) => from_file(path)?,
        Authorities::System | Authorities::Unsaid => from_system()?,
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    Ok(verifier.build()?)
}

fn from_system() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TlsError::NoAuthorities);
    }
    Ok(roots)
}

fn from_file(path: &Path) -> Result<RootCertStore, TlsError> {
    let unusable = |reason: String| TlsError::AuthorityFile {
        path: path.display().to_string(),
        reason,
    };
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("no certificate is in it".to_owned()));
    }
    Ok(roots)
}

/// Believes any certificate; the way is secret, but nobody knows with whom.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Believes whom an authority vouches for, under whatever name. The name is looked at last, so a wrong name means that
/// everything else was right.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self
            .0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
